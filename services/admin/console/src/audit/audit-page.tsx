import { Text } from '@mantine/core';
import { Card } from '../elements/card.js';
import { PageHeader } from '../layout/page-header.js';
import { useSession } from '../session/session-context.js';
import { texts } from '../texts.js';
import { AuditTrail } from './audit-trail.js';

/** Who did what to which webhook of the company; for the Owner. */
export function AuditPage() {
  const { user } = useSession();
  return (
    <>
      <PageHeader title={texts.audit.title} lead={texts.audit.lead} crumbs={[{ label: texts.audit.title }]} />
      <Card>{user.role === 'owner' ? <AuditTrail /> : <Text size="sm">{texts.audit.ownersOnly}</Text>}</Card>
    </>
  );
}
