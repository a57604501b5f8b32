import type { OverrideMode } from '../index.ts'
import { wrongMethod } from './access.ts'
import { Problem } from './problem.ts'

export const OPERATIONS = [
  'trip',
  'reset',
  'force-open',
  'force-closed',
  'disable',
  'release',
  'configure',
] as const
/** What can be done to a breaker. */
export type Operation = (typeof OPERATIONS)[number]

/** The modes of those that override. */
export const MODES: Readonly<Partial<Record<Operation, OverrideMode>>> = {
  'force-open': 'forced-open',
  'force-closed': 'forced-closed',
  disable: 'disabled',
}

/** What a request is for, by its path alone. */
export type Route =
  | { readonly kind: 'index' | 'session' | 'list' | 'log' | 'fleet' }
  | { readonly kind: 'operation'; readonly id: string }
  | { readonly kind: 'events' }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'breaker' | 'history'; readonly name: string }
  | { readonly kind: 'write'; readonly name: string; readonly operation: Operation }

const API = '/api/v1/'

/** @throws Problem for a path that leads nowhere, a method that does not fit it, or a name that can't be read */
export function routeOf(method: string, { pathname, searchParams }: URL): Route {
  const route = find(pathname, searchParams)
  if (route === undefined) {
    throw new Problem('ERR_ADMIN_UNKNOWN_PATH', 'There is nothing at this path.', {
      hint: `GET ${API.slice(1)}breakers lists the breakers.`,
    })
  }
  const allowed = route.kind === 'write' ? ['POST'] : ['GET', 'HEAD']
  if (!allowed.includes(method)) throw wrongMethod(method, allowed)
  return route
}

function find(pathname: string, query: URLSearchParams): Route | undefined {
  // What is before it is where the handler is mounted.
  const at = pathname.indexOf(API)
  if (at === -1) return pageRoute(pathname)
  const [first = '', name, last, ...rest] = pathname.slice(at + API.length).split('/')
  if (rest.length > 0) return undefined
  if (name === undefined) return isPlain(first) ? { kind: PLAIN[first] } : undefined
  if (name === '') return undefined
  if (first === 'operations' && last === undefined) return { kind: 'operation', id: name }
  if (first !== 'breakers') return undefined
  const breaker = nameOf(name, query)
  if (last === undefined) return { kind: 'breaker', name: breaker }
  if (last === 'history') return { kind: 'history', name: breaker }
  const operation = OPERATIONS.find((one) => one === last)
  return operation && { kind: 'write', name: breaker, operation }
}

const PLAIN = {
  session: 'session',
  breakers: 'list',
  log: 'log',
  events: 'events',
  fleet: 'fleet',
} as const

function isPlain(segment: string): segment is keyof typeof PLAIN {
  return Object.hasOwn(PLAIN, segment)
}

/** The place where it is mounted; what it links to is relative to that, so that it must end with a slash. */
function pageRoute(pathname: string): Route | undefined {
  if (pathname.endsWith('/')) return { kind: 'index' }
  if (/\/api(\/|$)/.test(pathname)) return undefined
  // With a dot, because the segment may look like the scheme of an address.
  return { kind: 'redirect', to: `./${pathname.slice(pathname.lastIndexOf('/') + 1)}/` }
}

/** A segment, or for names that paths can't carry the segment `-` and `?name=`. */
function nameOf(segment: string, query: URLSearchParams): string {
  if (segment === '-') {
    const name = query.get('name')
    if (name !== null && name !== '') return name
    throw new Problem(
      'ERR_ADMIN_BAD_REQUEST',
      'The path has "-" for the name, and ?name= is missing.',
    )
  }
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new Problem('ERR_ADMIN_BAD_REQUEST', 'The name in the path is not encoded right.')
  }
}
