import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MongoClient } from 'mongodb';

/**
 * node:http and one find of a company's ten webhooks per request, as JSON; no framework, no identity, no limits, no
 * figures, no log.
 */
process.once('disconnect', () => process.exit(1));
process.once('message', (task: { uri: string; database: string }) => {
  const client = new MongoClient(task.uri, { maxPoolSize: 32, readConcern: { level: 'majority' } });
  const webhooks = client.db(task.database).collection('webhooks');
  const server = createServer((request, response) => {
    const companyId = request.headers['x-company'];
    webhooks
      .find({ companyId }, { sort: { createdAt: 1, _id: 1 } })
      .toArray()
      .then(
        (items) => {
          response.setHeader('content-type', 'application/json; charset=utf-8');
          response.end(JSON.stringify({ items }));
        },
        () => response.writeHead(500).end(),
      );
  });
  server.keepAliveTimeout = 72_000;
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
});
