/** The import graph is a DAG: main -> handler -> platform -> core. Prose: README, "Which folder may import which". */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'core-is-pure',
      severity: 'error',
      comment: 'core: no packages, no I/O, nothing outside core',
      from: { path: '^services/shared/core/' },
      to: { pathNot: ['^services/shared/core/', '^(node:)?crypto$'] },
    },
    {
      name: 'shared-knows-no-service',
      severity: 'error',
      from: { path: '^services/shared/' },
      to: { path: '^services/', pathNot: '^services/shared/' },
    },
    {
      name: 'services-are-strangers',
      severity: 'error',
      comment: 'they meet only in Kafka topics and in shared/',
      from: { path: '^services/([^/]+)/', pathNot: '^services/shared/' },
      to: { path: '^services/', pathNot: ['^services/$1/', '^services/shared/'] },
    },
    {
      name: 'config-only-in-main',
      severity: 'error',
      comment: 'a main reads config and passes plain values on',
      from: { path: '^services/', pathNot: '/main\\.ts$' },
      to: { path: '^config/' },
    },
    { name: 'config-knows-no-code', severity: 'error', from: { path: '^config/' }, to: { path: '^(services|test)/' } },
    {
      name: 'one-door-per-package',
      severity: 'error',
      comment: 'each client library is wrapped once, in platform/',
      from: { pathNot: ['^services/shared/platform/', '^config/', '^deploy/', '^test/'] },
      to: { path: 'node_modules/(kafkajs|@kafkajs|avsc|got|mongodb|convict|winston|undici|prom-client|lru-cache)/' },
    },
    { name: 'nothing-imports-a-main', severity: 'error', from: { pathNot: '^test/' }, to: { path: '/main\\.ts$' } },
    {
      name: 'handler-knows-no-platform',
      severity: 'error',
      comment: 'a handler declares the ports it needs; main passes adapters in',
      from: {
        path: ['^services/(call|whatsapp|delivery|retry)-consumer/', '^services/shared/fan-out/handler'],
        pathNot: '/(main|service)\\.ts$',
      },
      to: { path: '^services/shared/platform/' },
    },
    {
      name: 'production-knows-no-deploy',
      severity: 'error',
      from: { path: '^(services|config)/' },
      to: { path: '^deploy/' },
    },
    { name: 'production-knows-no-test', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
    {
      name: 'browser-code-is-alone',
      severity: 'error',
      from: { path: '^services/admin/console/' },
      to: {
        path: '^(services|config)/',
        pathNot: ['^services/admin/console/', '^services/admin/contract/', '^services/shared/core/'],
      },
    },
    {
      name: 'browser-takes-types-alone',
      severity: 'error',
      comment: 'of the contract, the console needs the types; its schemas would be weight in the browser',
      from: { path: '^services/admin/console/' },
      to: { path: '^services/admin/contract/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'contract-is-schemas',
      severity: 'error',
      from: { path: '^services/admin/contract/' },
      to: { pathNot: ['^services/admin/contract/', '^services/shared/core/', 'node_modules/typebox/'] },
    },
    {
      name: 'web-framework-in-the-api-alone',
      severity: 'error',
      from: { pathNot: ['^services/admin/api/', '^test/'] },
      to: { path: 'node_modules/(fastify|@fastify)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
