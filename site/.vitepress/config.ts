import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DefaultTheme, defineConfig, type UserConfig } from 'vitepress'
import manifest from '../../package.json' with { type: 'json' }
import { useEmptyHeaders, useLinksOfRepository } from './markdown.ts'
import { addresses, groups, pathOf, root } from './pages.ts'

/** Where the site is mounted, with a slash at both ends. */
const base = process.env['SITE_BASE'] ?? '/'
const icon = readFileSync(join(root, 'dashboard/icon.svg'), 'utf8')
const here = join(root, 'site')

const sidebar: DefaultTheme.SidebarItem[] = groups.map(({ text, pages }) => ({
  text,
  items: Object.entries(pages).map(([file, title]) => ({
    text: title,
    link: pathOf(file),
  })),
}))

const config: UserConfig<DefaultTheme.Config> = defineConfig({
  title: manifest.name,
  description: manifest.description,
  lang: 'en',
  base,
  cleanUrls: true,
  // The files of the repository themselves, so that there is one text to keep true.
  srcDir: '..',
  ignoreDeadLinks: 'localhostLinks',
  srcExclude: everythingElse(),
  rewrites: (file) =>
    addresses.has(file) ? `${addresses.get(file)}.md` : file.replace(/^site\//, ''),
  outDir: './dist',
  cacheDir: '../.cache/site',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  markdown: {
    anchor: { slugify: asOnGitHub },
    languageAlias: { promql: 'sql' },
    config(md) {
      useLinksOfRepository(md)
      useEmptyHeaders(md)
    },
  },
  vite: {
    plugins: [
      {
        // The pages are outside of this folder, so its packages are not found from where they are.
        name: 'packages-of-the-site',
        enforce: 'pre',
        resolveId(id: string, importer?: string) {
          if (!/^vue(?:\/|$)/.test(id) || importer?.startsWith(here)) return null
          return this.resolve(id, join(here, 'playground.md'), { skipSelf: true })
        },
      },
    ],
    publicDir: false,
    resolve: {
      alias: [
        { find: /^short-circuit$/, replacement: join(root, 'dist/index.js') },
        { find: /^short-circuit\/([\w-]+)$/, replacement: join(root, 'dist/$1/index.js') },
      ],
    },
    build: { chunkSizeWarningLimit: 1_000 },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    externalLinkIcon: true,
    nav: [
      { text: 'Guide', link: '/', activeMatch: '^/$' },
      { text: 'Playground', link: '/playground' },
      { text: 'Reference', link: '/api/', activeMatch: '/api/' },
      { text: `v${manifest.version}`, link: '/changelog' },
    ],
    sidebar: { '/': sidebar, '/api/': [{ text: 'Reference', link: '/api/', items: reference() }] },
  },
})
export default config

function everythingElse(): string[] {
  const folders = ['docs', 'site']
  const others = readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !folders.includes(name) && !addresses.has(name))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/**` : entry.name))
  return [...others, 'site/node_modules/**', 'site/dist/**']
}

/** Written by TypeDoc, which does not know that the pages are moved to the root of the site. */
function reference(): DefaultTheme.SidebarItem[] {
  const text = readFileSync(join(root, 'site/api/typedoc-sidebar.json'), 'utf8')
  const modules: DefaultTheme.SidebarItem[] = JSON.parse(text.replaceAll('"/site/api/', '"/api/'))
  return modules
    .map((it) => ({ ...it, text: it.text === 'index' ? manifest.name : `/${it.text}` }))
    .sort((a, b) => Number(b.text === manifest.name) - Number(a.text === manifest.name))
}

function asOnGitHub(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}
