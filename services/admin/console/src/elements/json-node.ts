/** A JSON value as the viewer draws it: a leaf's text, or a branch with its named parts. */
export type JsonNode =
  | { readonly kind: 'string' | 'number' | 'boolean' | 'null'; readonly text: string }
  | { readonly kind: 'array' | 'object'; readonly parts: readonly (readonly [name: string, value: unknown])[] };

/** What a value is; whatever JSON can't hold is shown as its text. */
export function jsonNode(value: unknown): JsonNode {
  if (value === null) return { kind: 'null', text: 'null' };
  if (Array.isArray(value))
    return { kind: 'array', parts: value.map((part: unknown, index) => [String(index), part] as const) };
  if (typeof value === 'object') return { kind: 'object', parts: Object.entries(value) };
  if (typeof value === 'number') return { kind: 'number', text: String(value) };
  if (typeof value === 'boolean') return { kind: 'boolean', text: String(value) };
  return { kind: 'string', text: JSON.stringify(value) ?? 'undefined' };
}

/** The value in a JSON text; undefined where it isn't JSON. An object or array only: "123" reads better as it is. */
export function structureOf(text: string): { readonly value: unknown } | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? { value } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The branches, as paths, that start closed: those deeper than `depth`, and those with more than `most` parts. The
 * document itself always starts open.
 */
export function closedAtFirst(value: unknown, depth: number, most: number): ReadonlySet<string> {
  const closed = new Set<string>();
  const visit = (part: unknown, path: string, level: number): void => {
    const node = jsonNode(part);
    if (!('parts' in node)) return;
    if (level > 0 && (level > depth || node.parts.length > most)) closed.add(path);
    for (const [name, child] of node.parts) visit(child, childPath(path, name), level + 1);
  };
  visit(value, '', 0);
  return closed;
}

/** JSON pointer of a part. */
export function childPath(path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
