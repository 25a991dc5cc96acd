/** How every mongod of ours runs, whoever starts it. */
export const mongodbOptions = [
  // Keep it small.
  ...['--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '256'],
  // What the transaction of a process that died had touched is free again after 20 to 30 s, instead of 60 to 90.
  ...['--setParameter', 'transactionLifetimeLimitSeconds=20'],
  ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
] as const;
