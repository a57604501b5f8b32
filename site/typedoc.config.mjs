import { entries, manifest } from '../scripts/entries.mjs'

/** The reference, as Markdown, from the docstrings of what each entry of the package exports. */
export default {
  entryPoints: entries.map(({ source }) => `../${source}`),
  tsconfig: '../tsconfig.json',
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
  docsRoot: '..',
  out: 'api',
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  pageTitleTemplates: {
    module: ({ name }) => (name === 'index' ? manifest.name : `${manifest.name}/${name}`),
  },
  useCodeBlocks: true,
  expandObjects: true,
  parametersFormat: 'table',
  skipErrorChecking: true,
  logLevel: 'Warn',
}
