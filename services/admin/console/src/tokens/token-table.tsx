import { Button, Table } from '@mantine/core';
import type { ApiToken } from '../../../contract/session.js';
import { Card } from '../elements/card.js';
import { RelativeTime } from '../elements/time.js';
import { texts } from '../texts.js';

interface TokenTableProps {
  readonly tokens: readonly ApiToken[];
  readonly onRevoke: (token: ApiToken) => void;
}

export function TokenTable({ tokens, onRevoke }: TokenTableProps) {
  const { columns } = texts.tokens;
  return (
    <Card flush>
      <Table.ScrollContainer minWidth={640} type="native">
        <Table verticalSpacing="sm" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{columns.name}</Table.Th>
              <Table.Th>{columns.token}</Table.Th>
              <Table.Th>{columns.created}</Table.Th>
              <Table.Th>{columns.used}</Table.Th>
              <Table.Th>{columns.expires}</Table.Th>
              <Table.Th>
                <span className="visually-hidden">{columns.actions}</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {tokens.map((token) => (
              <Table.Tr key={token.id}>
                <Table.Td fw={500}>{token.name}</Table.Td>
                <Table.Td>
                  <code>{token.prefix}…</code>
                </Table.Td>
                <Table.Td>
                  <RelativeTime at={token.createdAt} />
                </Table.Td>
                <Table.Td>
                  {token.lastUsedAt === null ? texts.tokens.never : <RelativeTime at={token.lastUsedAt} />}
                </Table.Td>
                <Table.Td>
                  <RelativeTime at={token.expiresAt} />
                </Table.Td>
                <Table.Td ta="right">
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={texts.tokens.revokeOf(token.name)}
                    onClick={() => onRevoke(token)}
                  >
                    {texts.tokens.revoke}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}
