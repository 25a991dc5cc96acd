/**
 * Decides whether `npm ci` and the compiler have to run before a command: reading a few files takes milliseconds,
 * running either for nothing takes seconds. Plain JavaScript without packages, because it runs before they are there.
 */

/**
 * Tells whether node_modules holds what package-lock.json asks for. npm writes node_modules/.package-lock.json at
 * the very end of an install, so an interrupted install counts as none. Optional packages (binaries for other
 * systems) may be absent; everything else must be there in the asked version.
 * @param {LockFile} wanted package-lock.json
 * @param {LockFile | undefined} installed node_modules/.package-lock.json, undefined if there is none
 * @returns {boolean}
 * @typedef {{ packages?: Record<string, { version?: string, resolved?: string, integrity?: string, optional?: boolean,
 *   devOptional?: boolean, link?: boolean }> }} LockFile
 */
export function isInstallCurrent(wanted, installed) {
  if (installed === undefined) return false;
  const there = installed.packages ?? {};
  const asked = wanted.packages ?? {};
  const met = Object.entries(asked).every(([path, { version, integrity, optional, devOptional }]) => {
    if (path === '') return true;
    const found = there[path];
    if (found === undefined) return optional === true || devOptional === true;
    return found.version === version && (integrity === undefined || found.integrity === integrity);
  });
  return met && Object.keys(there).every((path) => asked[path] !== undefined);
}

/**
 * Tells whether the Node version is new enough.
 * @param {string} version such as "20.20.2"
 * @param {string} oldest such as "20.19"
 * @returns {boolean}
 */
export function isNodeNewEnough(version, oldest) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/**
 * The compiled files whose source is gone. The compiler leaves them, and a test runner or an import would go on
 * finding them.
 * @param {readonly string[]} compiled paths below dist/, with slashes
 * @param {ReadonlySet<string>} sources paths below the project's root, with slashes
 * @returns {string[]}
 */
export function orphans(compiled, sources) {
  return compiled.filter((path) => {
    const stem = path.match(/^(.*)\.(?:js|js\.map|d\.ts)$/)?.[1];
    return stem !== undefined && !sources.has(`${stem}.ts`);
  });
}
