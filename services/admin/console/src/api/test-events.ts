import type { TestEvent, TestEventResult } from '../../../contract/test-event.js';
import { request } from './http.js';

export function sendTestEvent(input: TestEvent): Promise<TestEventResult> {
  return request<TestEventResult>('POST', '/test-events', { body: input });
}
