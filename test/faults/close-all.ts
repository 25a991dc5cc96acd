export type Closer = () => unknown;

/** In the reverse order of their opening; one that fails keeps none of the others open. @throws the first error, then */
export async function closeAll(closers: readonly Closer[]): Promise<void> {
  const errors: unknown[] = [];
  for (const close of closers.toReversed())
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  if (errors.length > 0) throw errors[0];
}
