/**
 * Which URL a webhook may have, as far as its text tells.
 *
 * "`https://` only; `http://` is rejected with a message that says so. No credentials in the URL." Ports that belong
 * to other protocols are refused, so that nobody speaks SMTP or Redis through us. What the name resolves to is checked
 * at every connect, by the sender: a text can't tell.
 */
export const URL_MAX_LENGTH = 2048;

/** Ports of other protocols, from the "port blocking" list of the Fetch standard, and of common data stores. */
const FOREIGN_PORTS: ReadonlySet<number> = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 2379, 3306, 3659, 4045, 4190,
  5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9092, 10080, 11211, 27017,
]);

export type UrlVerdict = { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly fault: string };

/** Checks the text of a webhook URL; the fault is a sentence for the console. */
export function checkUrl(text: string): UrlVerdict {
  if (text.length > URL_MAX_LENGTH) return fault(`The URL is longer than ${URL_MAX_LENGTH} characters.`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return fault('This is not a valid URL.');
  }
  if (url.protocol === 'http:') return fault('http:// is not accepted: use https://, so that events travel encrypted.');
  if (url.protocol !== 'https:') return fault('The URL must begin with https://.');
  if (url.username !== '' || url.password !== '')
    return fault('The URL must not contain a user name or password: use the authentication setting.');
  if (url.port !== '' && FOREIGN_PORTS.has(Number(url.port)))
    return fault(`Port ${url.port} belongs to another protocol.`);
  url.hash = '';
  return { ok: true, url };
}

function fault(text: string): UrlVerdict {
  return { ok: false, fault: text };
}
