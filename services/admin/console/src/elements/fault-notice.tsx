import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { ApiProblem, ServerAway } from '../api/http.js';
import { texts } from '../texts.js';

/** An error as a sentence for people. */
export function faultText(error: Error): string {
  if (error instanceof ServerAway) return texts.errors.away;
  if (!(error instanceof ApiProblem)) return texts.errors.unknown;
  if (error.status === 429 && error.retryAfterS !== null) return texts.errors.tooMany(error.retryAfterS);
  if (error.status === 403) return texts.errors.notAllowed;
  return error.message;
}

interface FaultNoticeProps {
  readonly error: Error;
  /** Says it better than `faultText`, where the place knows more. */
  readonly text?: string;
  readonly onRetry?: () => void;
}

/** What went wrong, with the request's name for our logs, and the way to try again. */
export function FaultNotice({ error, text, onRetry }: FaultNoticeProps) {
  const requestId = error instanceof ApiProblem ? error.problem.requestId : undefined;
  return (
    <Alert role="alert" variant="light" color="red" icon={<IconAlertTriangle size={18} stroke={1.6} />}>
      <Group justify="space-between" gap="sm">
        <div>
          <Text size="sm">{text ?? faultText(error)}</Text>
          {requestId !== undefined && error instanceof ApiProblem && error.status >= 500 && (
            <Text size="xs" c="dimmed">
              {texts.errors.requestId(requestId)}
            </Text>
          )}
        </div>
        {onRetry !== undefined && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {texts.errors.retry}
          </Button>
        )}
      </Group>
    </Alert>
  );
}
