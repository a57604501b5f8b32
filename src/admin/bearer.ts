import type { Authorize, Identity } from './options.ts'

/** A token, or a token that may only read. */
export type BearerToken = string | { readonly token: string; readonly write: boolean }

/** What a header can carry, and what is too long to guess. */
const TOKEN = /^[\x21-\x7E]{20,}$/

/**
 * Lets in who sends one of these tokens as `Authorization: Bearer …`. The names are what the log says. A
 * token in place of an object may write.
 *
 * @throws TypeError for a token that is missing, has fewer than 20 characters or has spaces, or two that are the same
 * @example
 * import { CircuitRegistry } from 'short-circuit'
 * import { admin, bearer } from 'short-circuit/admin'
 *
 * const authorize = bearer({
 *   ada: 'c2VjcmV0LW9mLWFkYS1hbG9uZQ',
 *   grafana: { token: 'c2VjcmV0LW9mLWdyYWZhbmE', write: false },
 * })
 * const handler = admin({ registry: new CircuitRegistry(), authorize })
 * const answer = await handler(new Request('http://localhost/api/v1/session'))
 * console.assert(answer.status === 401)
 * handler.close()
 */
export function bearer(tokens: Readonly<Record<string, BearerToken | undefined>>): Authorize {
  const entries = Object.entries(tokens ?? {}).map(([by, given]) => {
    const { token, write } =
      typeof given === 'object' && given !== null ? given : { token: given, write: true }
    if (typeof token !== 'string' || !TOKEN.test(token)) {
      throw new TypeError(
        `the token of ${by} must have at least 20 characters, none of which is a space`,
      )
    }
    if (typeof write !== 'boolean') throw new TypeError(`write of ${by} must be a boolean`)
    return { by, write, token }
  })
  if (entries.length === 0) throw new TypeError('bearer takes tokens by name, got none')
  if (new Set(entries.map(({ token }) => token)).size < entries.length) {
    throw new TypeError('two names have the same token')
  }
  // Not before a request comes: Workers allow none of it at import.
  let identities: Promise<Known[]> | undefined
  return async (request) => {
    const given = /^Bearer +([^ ]+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
    if (given === undefined) return false
    identities ??= Promise.all(
      entries.map(async ({ by, write, token }) => ({ by, write, digest: await digest(token) })),
    )
    const found = await digest(given)
    let identity: Identity | false = false
    // All of them, whichever matches: how long it takes tells nothing.
    for (const { by, write, digest } of await identities) {
      if (isSame(digest, found)) identity = { by, write }
    }
    return identity
  }
}

interface Known extends Identity {
  readonly digest: Uint8Array
}

async function digest(token: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)))
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}
