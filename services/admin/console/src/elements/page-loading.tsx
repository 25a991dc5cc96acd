import { Center, Loader } from '@mantine/core';

/** For what takes longer than a blink; invisible for the first 200 ms. */
export function PageLoading({ small = false }: { readonly small?: boolean }) {
  return (
    <Center mih={small ? 80 : 240}>
      <Loader size={small ? 'sm' : 'md'} type="dots" role="progressbar" aria-label="Loading" />
    </Center>
  );
}
