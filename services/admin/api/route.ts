import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import { ACCESS, type RouteName } from './access.js';

/** The application as routes see it: the types of requests and answers come from their schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** A group of routes; what it needs was given to the function that made it. */
export type Routes = (api: Api) => void;

/** Method, path and name of a route, from the matrix: `api.route({ ...at('webhooks.list'), schema, handler })`. */
export function at<Name extends RouteName>(name: Name) {
  const { method, path } = ACCESS[name];
  return { method, url: path, config: { route: name } } as const;
}
