import { MantineProvider } from '@mantine/core';

import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from 'react-router/dom';
import { ToastList } from './elements/toast-list.js';
import { createQueryClient } from './query-client.js';
import { createRouter } from './routes.js';
import { styleNonce } from './style-nonce.js';
import { cssVariables, theme } from './theme.js';

const queryClient = createQueryClient();
const router = createRouter();

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <QueryClientProvider client={queryClient}>
        <ToastList />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
