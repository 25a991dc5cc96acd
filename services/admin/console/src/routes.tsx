import { createBrowserRouter, Navigate } from 'react-router';
import { PageLoading } from './elements/page-loading.js';
import { PageFault } from './elements/page-fault.js';
import { Shell } from './layout/shell.js';
import { paths } from './paths.js';
import { SessionGate } from './session/session-gate.js';
import { ListPage } from './webhooks/list-page.js';
import { NotFoundPage } from './elements/not-found.js';

/** The list comes with the first load; every other page is a file of its own, loaded when it is opened. */
export function createRouter() {
  return createBrowserRouter([
    {
      element: <SessionGate />,
      HydrateFallback: PageLoading,
      errorElement: <PageFault />,
      children: [
        {
          element: <Shell />,
          children: [
            {
              errorElement: <PageFault />,
              children: [
                ...['/', '/admin', '/admin/apis-webhooks', '/admin/apis-webhooks/webhooks'].map((path) => ({
                  path,
                  element: <Navigate to={paths.list} replace />,
                })),
                { path: paths.list, element: <ListPage /> },
                {
                  path: paths.create,
                  lazy: { Component: async () => (await import('./form/create-page.js')).CreatePage },
                },
                {
                  path: `${paths.list}/:webhookId/edit`,
                  lazy: { Component: async () => (await import('./form/edit-page.js')).EditPage },
                },
                {
                  path: `${paths.list}/:webhookId`,
                  lazy: { Component: async () => (await import('./detail/detail-page.js')).DetailPage },
                },
                {
                  path: `${paths.list}/:webhookId/failures`,
                  lazy: { Component: async () => (await import('./failures/failures-page.js')).FailuresPage },
                  children: [
                    {
                      path: ':attemptId',
                      lazy: { Component: async () => (await import('./failures/inspect.js')).Inspect },
                    },
                  ],
                },
                {
                  path: paths.tokens,
                  lazy: { Component: async () => (await import('./tokens/tokens-page.js')).TokensPage },
                },
                {
                  path: paths.audit,
                  lazy: { Component: async () => (await import('./audit/audit-page.js')).AuditPage },
                },
                { path: '*', element: <NotFoundPage /> },
              ],
            },
          ],
        },
      ],
    },
  ]);
}
