import { DATE, TEXT, exactly, type CollectionPlan } from './collection-plan.js';

const SCHEMA_ID = { bsonType: ['int', 'long'] };

const SCHEMA = exactly({ _id: TEXT, kind: { enum: ['schema'] }, schemaId: SCHEMA_ID, schema: TEXT, storedAt: DATE });

const WRITER = exactly({
  _id: TEXT,
  kind: { enum: ['writer'] },
  subject: TEXT,
  fingerprint: TEXT,
  schemaId: SCHEMA_ID,
  storedAt: DATE,
});

/** The stored copy of what the schema registry said, so that a restart works while it is away. */
export const KNOWN_SCHEMAS_PLAN: CollectionPlan = {
  name: 'known_schemas',
  schema: { oneOf: [SCHEMA, WRITER] },
  indexes: [],
};
