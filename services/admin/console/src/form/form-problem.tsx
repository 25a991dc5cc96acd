import { List, Text } from '@mantine/core';
import { ApiProblem, ServerAway } from '../api/http.js';
import { FaultNotice, faultText } from '../elements/fault-notice.js';
import { texts } from '../texts.js';
import { problemFaults } from './problem-faults.js';

/** Why saving didn't work, above the form; faults of fields stand at their fields. */
export function FormProblem({ error }: { readonly error: Error }) {
  if (error instanceof ServerAway) return <FaultNotice error={error} text={texts.errors.awayKept} />;
  if (!(error instanceof ApiProblem)) return <FaultNotice error={error} />;
  if (error.status === 401) return null;
  const { fields, rest } = problemFaults(error.problem);
  return (
    <>
      <FaultNotice error={error} text={fields.length > 0 ? texts.errors.fixFields : faultText(error)} />
      {rest.length > 0 && (
        <List size="sm">
          {rest.map((sentence) => (
            <List.Item key={sentence}>
              <Text size="sm">{sentence}</Text>
            </List.Item>
          ))}
        </List>
      )}
    </>
  );
}
