/** `url` when it is an https: address, as every reference of the catalogue is; `undefined` for anything else. */
export function httpsLink(url: string): string | undefined {
  return URL.canParse(url) && new URL(url).protocol === 'https:' ? url : undefined;
}
