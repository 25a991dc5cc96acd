import { TestEventResultSchema, TestEventSchema } from '../../contract/test-event.js';
import { principalOf } from '../principal.js';
import { at, type Routes } from '../route.js';
import type { TestEventService } from '../test-event-service.js';

/** A sample event, sent now. The body is read by the service, as that of a webhook is: all faults at once. */
export function testEventRoutes(service: TestEventService): Routes {
  return (api) => {
    api.route({
      ...at('test-events.send'),
      validatorCompiler: () => () => true,
      schema: {
        tags: ['Webhooks'],
        summary: 'Send a sample event and see what comes back',
        body: TestEventSchema,
        response: { 200: TestEventResultSchema },
      },
      handler: (request) =>
        service.send({ principal: principalOf(request), requestId: request.id }, request.body as unknown),
    });
  };
}
