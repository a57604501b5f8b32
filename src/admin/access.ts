import { Problem } from './problem.ts'

/** Who is at the other end of the connection. */
export interface Peer {
  /** The address of the socket, never of a header. */
  readonly address?: string | undefined
  /** As `1.1`. */
  readonly httpVersion?: string | undefined
}

const LONGEST_URL = 4_096
const METHODS: readonly string[] = ['GET', 'HEAD', 'POST']

export function checkMethodAndUrl({ method, url }: Request): URL {
  if (!METHODS.includes(method)) throw wrongMethod(method, METHODS)
  if (url.length > LONGEST_URL) {
    throw new Problem('ERR_ADMIN_URL_TOO_LONG', `An address has at most ${LONGEST_URL} characters.`)
  }
  return new URL(url)
}

export function wrongMethod(method: string, allowed: readonly string[]): Problem {
  const allow = allowed.join(', ')
  return new Problem('ERR_ADMIN_METHOD', `${method} is not one of ${allow}.`, {
    headers: { allow },
  })
}

/** The name that the client has asked for, with its port if it has one; lower case. */
function hostOf(request: Request): string {
  return (request.headers.get('host') ?? new URL(request.url).host).toLowerCase()
}

const TEACH =
  'Pass `authorize` to admin() to let others in, or come from this machine: by `ssh -L 9090:localhost:9090 host`, or `kubectl port-forward deploy/name 9090`.'

/** Headers that a proxy adds: the client is not the peer then. */
const PROXY = /^(forwarded|x-forwarded-.*|x-real-ip|via|cf-connecting-ip|true-client-ip)$/

/** Without `authorize`, only who is on this machine and has asked for this machine is let in. */
export function checkLoopback(
  request: Request,
  peer: Peer | undefined,
  hosts: readonly string[],
): void {
  const wrong = whyNotLoopback(request, peer)
  if (wrong !== undefined) throw new Problem('ERR_ADMIN_NOT_LOCAL', wrong, { hint: TEACH })
  const host = hostOf(request)
  if (!isLoopbackName(host) && !hosts.includes(host)) {
    const detail = 'The host name of the request is not one of this machine.'
    throw new Problem('ERR_ADMIN_HOST', detail, { hint: 'Use localhost, or list it in `hosts`.' })
  }
}

function whyNotLoopback({ headers }: Request, peer: Peer | undefined): string | undefined {
  if (peer?.address === undefined) return 'The address of the client is not known.'
  if (!isLoopbackAddress(peer.address)) return 'The client is not on this machine.'
  if (peer.httpVersion === '1.0') return 'HTTP/1.0 is what proxies speak.'
  for (const [name] of headers) {
    if (PROXY.test(name)) return `The header ${name} says that the request came through a proxy.`
  }
  return undefined
}

const OCTETS = String.raw`127\.\d{1,3}\.\d{1,3}\.\d{1,3}`
const LOOPBACK_ADDRESS = new RegExp(`^(?:(?:::ffff:)?${OCTETS}|::1)$`, 'i')
const LOOPBACK_NAME = new RegExp(String.raw`^(?:localhost|${OCTETS}|\[::1\])(?::\d{1,5})?$`)

function isLoopbackAddress(address: string): boolean {
  return LOOPBACK_ADDRESS.test(address)
}

function isLoopbackName(host: string): boolean {
  return LOOPBACK_NAME.test(host)
}

/** With `authorize`, the host name is checked where `hosts` has any. */
export function checkHost(request: Request, hosts: readonly string[]): void {
  if (hosts.length === 0 || hosts.includes(hostOf(request))) return
  throw new Problem('ERR_ADMIN_HOST', 'The host name of the request is not among `hosts`.')
}

/** Browsers say which site a request comes from: no other one may read or write. */
export function checkSite(request: Request, isPage: boolean, hosts: readonly string[]): void {
  const { headers, method } = request
  const site = headers.get('sec-fetch-site')
  const reads = method !== 'POST'
  // A link to the page in a chat; it reads nothing.
  const follows =
    isPage &&
    reads &&
    headers.get('sec-fetch-mode') === 'navigate' &&
    headers.get('sec-fetch-dest') === 'document'
  if (site !== null && site !== 'same-origin' && !(reads && site === 'none') && !follows) {
    throw new Problem('ERR_ADMIN_CROSS_SITE', 'The request comes from another site.')
  }
  const origin = headers.get('origin')
  if (origin === null) return
  const host = URL.canParse(origin) ? new URL(origin).host : ''
  if (host === '' || (host !== hostOf(request) && !hosts.includes(host))) {
    const hint =
      'Behind a proxy that changes the host name, list the one that browsers see in `hosts`.'
    throw new Problem('ERR_ADMIN_CROSS_SITE', 'The origin of the request is another site.', {
      hint,
    })
  }
}

/** What a server of Node, Bun or Deno, or Hono on one of them, passes beside the request. */
interface Beside extends Peer {
  readonly remoteAddr?: { readonly hostname?: string }
  readonly requestIP?: (request: Request) => { readonly address?: string } | null
  readonly incoming?: {
    readonly socket?: { readonly remoteAddress?: string }
    readonly httpVersion?: string
  }
}

export function peerOf(request: Request, beside: unknown): Peer | undefined {
  if (typeof beside !== 'object' || beside === null) return undefined
  const { address, httpVersion, remoteAddr, requestIP, incoming } = beside as Beside
  if (typeof address === 'string') return { address, httpVersion }
  if (remoteAddr !== undefined) return { address: remoteAddr.hostname }
  if (incoming !== undefined) {
    return { address: incoming.socket?.remoteAddress, httpVersion: incoming.httpVersion }
  }
  if (typeof requestIP !== 'function') return undefined
  return { address: requestIP.call(beside, request)?.address }
}
