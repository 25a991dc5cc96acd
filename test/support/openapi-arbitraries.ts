import fc from 'fast-check';

/**
 * Requests drawn from an OpenAPI document: mostly as it asks, with wrong values of every kind strewn in. What is drawn
 * for a URL leads to this machine or is refused, so that nothing ever leaves it.
 */
export interface DrawnRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly format?: string;
}

const URLS = [
  'https://localhost:49151/hook',
  'https://127.0.0.1:49151/hook?key=1',
  'http://localhost/hook',
  'https://[::1]/',
  'https://169.254.169.254/latest/meta-data',
  'https://user:pw@127.0.0.1/',
  'https://0x7f.1/',
  'https://127.0.0.1:22/',
  'javascript:alert(1)',
  'gopher://127.0.0.1/',
  'https://',
  `https://127.0.0.1/${'a'.repeat(3_000)}`,
] as const;

const TEXTS = [
  '',
  ' ',
  '\0',
  '\u202e',
  '\ud800',
  '💥'.repeat(50),
  'a'.repeat(5_000),
  '../../etc/passwd',
  '{"$ne":null}',
  "'; return true; //",
  '<script>alert(1)</script>',
  'x\r\nhost: evil',
  '__proto__',
  'NaN',
  '-1',
  '1e309',
] as const;

/** Values that no schema asks for. */
const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER, [], {}, [[]], ...TEXTS, ...URLS),
  fc.constantFrom<unknown>({ $ne: null }, { $gt: '' }, { $where: '1' }, { a: { $regex: '.*' } }, { 'a.b': 1 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Whole bodies that aren't even JSON of the right kind. */
const RAW_BODIES = [
  '',
  '{',
  'null',
  '[]',
  '"text"',
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '['.repeat(5_000),
  '{"a":'.repeat(40) + '1' + '}'.repeat(40),
  `{"url":"${'a'.repeat(150_000)}"}`,
  '\ufeff{}',
] as const;

/** Any request to any operation of the document. `ids` are ids that exist, by the name of their parameter. */
export function drawRequest(
  document: OpenApi,
  ids: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<DrawnRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => requestOf(document, path, method, operation, ids)),
  );
  return fc.oneof(...operations);
}

function requestOf(
  document: OpenApi,
  path: string,
  method: string,
  operation: Operation,
  ids: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<DrawnRequest> {
  const parameters = operation.parameters ?? [];
  const schema = operation.requestBody?.content['application/json']?.schema;
  return fc
    .record({
      inPath: fc.record(
        Object.fromEntries(parameters.filter(isIn('path')).map(({ name }) => [name, idOf(ids[name] ?? [])] as const)),
      ),
      query: fc.record(
        Object.fromEntries(
          parameters.filter(isIn('query')).map((each) => [each.name, valueOf(document, each.schema)] as const),
        ),
        { requiredKeys: [] },
      ),
      strayQuery: fc.option(fc.constantFrom('a[$ne]=1', '$where=1', '__proto__=1', 'x', '%00=1', 'limit=1&limit=2'), {
        freq: 10,
      }),
      headers: headersOf(),
      body: bodyOf(document, schema),
    })
    .map(({ inPath, query, strayQuery, headers, body }) => {
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(wellFormed(inPath[name])));
      const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(wellFormed(value))}`);
      const search = [...pairs, ...(strayQuery === null ? [] : [strayQuery])].join('&');
      const target = search === '' ? filled : `${filled}?${search}`;
      return { method: method.toUpperCase(), path: target, headers, body };
    });
}

function isIn(place: string) {
  return (parameter: { readonly in: string }) => parameter.in === place;
}

function idOf(known: readonly string[]): fc.Arbitrary<unknown> {
  const unknown = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ minLength: 1, maxLength: 30 }));
  return known.length === 0 ? unknown : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, unknown);
}

function headersOf(): fc.Arbitrary<Record<string, string>> {
  return fc.record(
    {
      'if-match': fc.constantFrom('"1"', '"2"', '*', 'W/"1"', 'x', '""', '"9999999999999999999"'),
      'idempotency-key': fc.constantFrom('a', 'b', 'c', 'x'.repeat(300), '"'),
      'content-type': fc.constantFrom('application/json', 'application/json', 'application/json', 'text/plain', 'x'),
      accept: fc.constantFrom('*/*', 'text/html', 'x'),
    },
    { requiredKeys: [] },
  );
}

function bodyOf(document: OpenApi, schema: Schema | undefined): fc.Arbitrary<string | undefined> {
  if (schema === undefined) return fc.constantFrom(undefined, undefined, '{}', '{"confirm":"DELETE"}', '{');
  return fc.oneof(
    { weight: 8, arbitrary: valueOf(document, schema).map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.constantFrom(...RAW_BODIES) },
    { weight: 1, arbitrary: nasty.map((value) => JSON.stringify(value)) },
  );
}

/** Mostly what the schema asks for, now and then something else. */
function valueOf(document: OpenApi, schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: asAsked(document, schema) }, { weight: 1, arbitrary: nasty });
}

function asAsked(document: OpenApi, schema: Schema): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const found = document.components?.schemas?.[schema.$ref.split('/').at(-1) ?? ''];
    if (found === undefined) throw new Error(`${schema.$ref} is not in the document`);
    return asAsked(document, found);
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => valueOf(document, each)));
  if (schema.properties !== undefined) return objectOf(document, schema, schema.properties);
  return simple(document, schema);
}

function objectOf(
  document: OpenApi,
  schema: Schema,
  properties: Readonly<Record<string, Schema>>,
): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, each]) => [
    name,
    name === 'url' ? fc.oneof(fc.constantFrom<unknown>(...URLS), nasty) : valueOf(document, each),
  ]);
  return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: [...(schema.required ?? [])],
  });
}

function simple(document: OpenApi, schema: Schema): fc.Arbitrary<unknown> {
  const { type, minimum = -1_000, maximum = 1_000, maxItems = 5, items, format } = schema;
  if (type === 'integer') return fc.integer({ min: minimum, max: maximum });
  if (type === 'number') return fc.double({ min: minimum, max: maximum, noNaN: true });
  if (type === 'boolean') return fc.boolean();
  if (type === 'array')
    return fc.array(items === undefined ? nasty : valueOf(document, items), { maxLength: Math.min(maxItems + 1, 16) });
  if (format === 'date-time')
    return fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString());
  return fc.string({ maxLength: 20 });
}

/** As text; lone surrogates can't be put into an address. */
function wellFormed(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toString();
}
