/** One handshake with a Schema Registry: asks for its subjects. Rejects if it doesn't answer with a list now. */
export async function expectSchemaRegistry(url: string): Promise<void> {
  const answer = await fetch(`${url.replace(/\/+$/, '')}/subjects`, { signal: AbortSignal.timeout(5_000) });
  if (!answer.ok) throw new Error(`the registry answered with status ${answer.status}`);
  const subjects: unknown = await answer.json();
  if (!Array.isArray(subjects)) throw new Error('the registry answered with something else than a list of subjects');
}
