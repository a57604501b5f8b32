import type { List } from './index.ts'

type Query = Readonly<Record<string, string>>

/**
 * All pages of a list, by name: by any other order some breakers would change their places between two pages, and
 * be on neither.
 */
export async function* pagesByName(
  read: (query: Query) => Promise<List>,
  query: Query,
): AsyncGenerator<List, void, undefined> {
  let page = await read({ ...query, sort: 'name' })
  yield page
  while (page.next !== null) {
    const { next } = page
    page = await read({ ...query, sort: 'name', after: next })
    yield page
    // It does not go on, and would be read for ever.
    if (page.next === next) return
  }
}
