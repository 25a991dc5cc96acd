import Type, { type Static, type TSchema } from 'typebox';

const Instant = Type.String({ format: 'date-time' });
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Milliseconds = Type.Number({ minimum: 0, description: 'Milliseconds.' });

/** Deliveries of 24 hours in short: for a row of the list. */
export const SparklineSchema = Type.Object(
  {
    deliveries: Type.Integer({ description: 'Attempts that were answered with 2xx.' }),
    failures: Type.Integer({ description: 'Attempts that were not.' }),
    successRate: orNull(Type.Number({ description: 'From 0 to 1; null while there was no attempt.' })),
    p50Ms: Type.Array(orNull(Milliseconds), {
      description: 'Median latency per hour, oldest first; null: no attempt.',
    }),
  },
  { $id: 'Sparkline', additionalProperties: false },
);

export const FiguresWindowSchema = Type.Enum(['1h', '24h', '7d']);

/** What a webhook did over a window: 1 h in minutes, 24 h and 7 d in hours. */
export const FiguresSchema = Type.Object(
  {
    window: FiguresWindowSchema,
    from: Instant,
    to: Instant,
    deliveries: Type.Integer(),
    failures: Type.Integer(),
    successRate: orNull(Type.Number()),
    p50Ms: orNull(Milliseconds),
    p95Ms: orNull(Milliseconds),
    p99Ms: orNull(Milliseconds),
    series: Type.Array(
      Type.Object(
        {
          at: Type.String({ format: 'date-time', description: 'Beginning of the minute or hour.' }),
          deliveries: Type.Integer(),
          failures: Type.Integer(),
          p50Ms: orNull(Milliseconds),
          p95Ms: orNull(Milliseconds),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { $id: 'Figures', additionalProperties: false },
);

export type Sparkline = Static<typeof SparklineSchema>;
export type FiguresWindow = Static<typeof FiguresWindowSchema>;
export type Figures = Static<typeof FiguresSchema>;
