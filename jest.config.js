/** Which tests run is chosen by folder: `jest test/unit test/spec` needs no server, `test/integration test/e2e` does. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  reporters: ['default', '<rootDir>/test/support/closing-line-reporter.cjs'],
  testSequencer: '<rootDir>/test/support/test-order.cjs',
  // No test asserts a duration by the runner's own limit: on a busy machine 5 s, its default, is no sign of a fault.
  testTimeout: 60_000,
  // Most tests wait for servers and other processes: two at a time take half the time of one after the other.
  maxWorkers: 2,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/', '<rootDir>/.data/'],
};
