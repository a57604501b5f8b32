/** Who asks, as far as that is known. */
export interface Caller {
  readonly by: string | null
  /** Whether `authorize` has said so. */
  readonly verified: boolean
  readonly write: boolean
}

/** How a client calls itself. */
export function viaOf(headers: Headers): 'page' | 'command' | 'api' {
  const client = headers.get('short-circuit-client')
  return client === 'page' || client === 'command' ? client : 'api'
}
