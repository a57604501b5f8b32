import { dashboard } from './dashboard.ts'

export function wantsPage({ headers }: Request): boolean {
  return /\btext\/html\b/.test(headers.get('accept') ?? '')
}

/** The page, compressed where the browser takes that, or word that it has not changed. */
export async function pageResponse(
  { headers }: Request,
  common: Readonly<Record<string, string>>,
): Promise<Response> {
  const { html, policy } = dashboard
  // Its digest has those of the script and of the styles.
  const tag = `"${policy.match(/(?<=sha256-)[^']{8}/g)?.join('') ?? 'none'}"`
  const own = {
    ...common,
    'cache-control': 'no-cache',
    'content-security-policy': policy,
    etag: tag,
    vary: 'accept, accept-encoding',
  }
  const known = headers.get('if-none-match')?.split(',') ?? []
  // A proxy that compresses makes a weak one of it.
  if (known.some((one) => one.trim().replace(/^W\//, '') === tag)) {
    return new Response(null, { status: 304, headers: own })
  }
  const type = { 'content-type': 'text/html; charset=utf-8' }
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(
    headers.get('accept-encoding') ?? '',
  )
  if (!takesGzip || typeof CompressionStream === 'undefined') {
    return new Response(html, { headers: { ...own, ...type } })
  }
  compressed ??= compress(html)
  const body = await compressed
  return new Response(body, { headers: { ...own, ...type, 'content-encoding': 'gzip' } })
}

/** Made when it is first asked for, and kept. */
let compressed: Promise<ArrayBuffer> | undefined

function compress(text: string): Promise<ArrayBuffer> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Response(stream).arrayBuffer()
}
