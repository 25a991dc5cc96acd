/** Host strong, the rest quiet; a text that isn't a URL as it is. */
export function UrlText({ url }: { readonly url: string }) {
  const parts = /^(https:\/\/)([^/?#]+)(.*)$/i.exec(url);
  if (parts === null) return <strong>{url}</strong>;
  return (
    <>
      <strong>{parts[2]}</strong>
      {parts[3] === '/' ? '' : parts[3]}
    </>
  );
}
