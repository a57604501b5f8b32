import { signal } from '@preact/signals'

/** Which page is shown: kept in the hash, so that there is no path to configure and links can be shared. */
export type Route =
  | { readonly page: 'list'; readonly query: string; readonly show: string }
  | { readonly page: 'breaker'; readonly name: string }
  | { readonly page: 'fleet' | 'log'; readonly show: string }

export const route = signal<Route>(read())

function read(): Route {
  const [path = '', search = ''] = location.hash.replace(/^#/, '').split('?')
  const query = new URLSearchParams(search)
  const show = query.get('show') ?? 'all'
  if (path.startsWith('/b/')) return { page: 'breaker', name: decode(path.slice('/b/'.length)) }
  if (path === '/log') return { page: 'log', show }
  if (path === '/fleet') return { page: 'fleet', show }
  return { page: 'list', query: query.get('q') ?? '', show }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

addEventListener('hashchange', () => {
  route.value = read()
  scrollTo(0, 0)
})

export function go(hash: string): void {
  location.hash = hash
}

export function breakerHash(name: string): string {
  return `#/b/${encodeURIComponent(name)}`
}

/** Changes the address without another entry in the history of the browser. */
export function replaceHash(path: string, parameters: Record<string, string>): void {
  const kept = Object.entries(parameters).filter(([, value]) => value !== '' && value !== 'all')
  const search = kept.length === 0 ? '' : `?${new URLSearchParams(kept)}`
  history.replaceState(null, '', `#${path}${search}`)
  route.value = read()
}
