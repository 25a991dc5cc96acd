import { Button, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ApiToken } from '../../../contract/session.js';
import { tokensQuery } from '../api/tokens.js';
import { Card } from '../elements/card.js';
import { FaultNotice } from '../elements/fault-notice.js';
import { PageLoading } from '../elements/page-loading.js';
import { PageHeader } from '../layout/page-header.js';
import { texts } from '../texts.js';
import { CreateTokenModal } from './create-token-modal.js';
import { RevokeTokenModal } from './revoke-token-modal.js';
import { TokenTable } from './token-table.js';

/** Tokens for automation: made, shown once, revoked. */
export function TokensPage() {
  const { data, error, refetch } = useQuery(tokensQuery);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiToken | null>(null);
  return (
    <>
      <PageHeader
        title={texts.tokens.title}
        lead={texts.tokens.lead}
        crumbs={[{ label: texts.tokens.title }]}
        actions={
          <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => setCreating(true)}>
            {texts.tokens.create}
          </Button>
        }
      />
      {error !== null && <FaultNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <PageLoading />}
      {data?.items.length === 0 && (
        <Card>
          <Text size="sm" c="dimmed" ta="center" py="xl">
            {texts.tokens.empty}
          </Text>
        </Card>
      )}
      {data !== undefined && data.items.length > 0 && <TokenTable tokens={data.items} onRevoke={setRevoking} />}
      <CreateTokenModal opened={creating} onClose={() => setCreating(false)} />
      <RevokeTokenModal token={revoking} onClose={() => setRevoking(null)} />
    </>
  );
}
