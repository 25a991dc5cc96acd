import { got } from 'got';

/** Whether an HTTP server of ours answers at this address within a second, whatever it says; for /readyz. */
export async function answersAt(
  url: string,
  credentials: { readonly username?: string; readonly password?: string },
): Promise<boolean> {
  try {
    const { statusCode } = await got(url, {
      ...credentials,
      timeout: { request: 900 },
      retry: { limit: 0 },
      throwHttpErrors: false,
      followRedirect: false,
    });
    return statusCode < 500;
  } catch {
    return false;
  }
}
