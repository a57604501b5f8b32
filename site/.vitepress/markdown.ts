// The pages are written for the repository. Here their links lead to pages of the site, and those to
// other files to the repository, where its address is known.
import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'
import manifest from '../../package.json' with { type: 'json' }
import { pathOf, references, root } from './pages.ts'

const repository: string | undefined = (
  manifest as { repository?: { url: string } }
).repository?.url
  .replace(/^git\+/, '')
  .replace(/\.git$/, '')

export function useLinksOfRepository(md: MarkdownRenderer): void {
  md.core.ruler.push('links_of_repository', ({ tokens, env }) => {
    const page: string = relative(root, env.realPath ?? env.path)
    for (const { children } of tokens) {
      const open: (typeof tokens)[number][] = []
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          open.push(token)
          const to = targetOf(page, token.attrGet('href') ?? '')
          if (to === undefined) token.tag = 'span'
          token.attrs = to === undefined ? [] : [['href', to]]
        }
        if (token.type === 'link_close') token.tag = open.pop()?.tag ?? 'a'
      }
    }
  })
}

/** A header without a text is a cell like others: it names nothing. */
export function useEmptyHeaders(md: MarkdownRenderer): void {
  md.core.ruler.push('empty_headers', ({ tokens }) => {
    for (const [index, open] of tokens.entries()) {
      if (open.type !== 'th_open' || tokens[index + 1]?.content !== '') continue
      const close = tokens[index + 2]
      open.tag = 'td'
      if (close) close.tag = 'td'
    }
  })
}

/** `undefined` for a file of which nobody knows where to read it. */
function targetOf(page: string, href: string): string | undefined {
  if (/^(?:[a-z]+:|#|\/)/.test(href) || page.startsWith('site/api/')) return href
  const [to = '', heading] = href.split('#')
  const file = join(dirname(page), to)
  if (!existsSync(join(root, file)))
    throw new Error(`${page} links to ${href}, which is not there.`)
  const hash = heading === undefined ? '' : `#${heading}`
  const path = pathOf(file)
  if (path !== undefined) return `${path}${hash}`
  if (references[file] !== undefined) return references[file]
  return repository && `${repository}/blob/main/${file}${hash}`
}
