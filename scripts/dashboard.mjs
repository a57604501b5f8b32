// Builds the page of `short-circuit/admin` from `dashboard/` to one string without any reference to
// elsewhere, and puts it in the place of `src/admin/dashboard.ts`.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Returns the page, the content security policy that fits it, and the licences of what it contains. */
export async function buildDashboard() {
  const { output } = await bundle()
  const notices = codeOf(output, '.md')
  const script = inline(codeOf(output, '.js').trim(), 'script')
  const style = inline(codeOf(output, '.css').trim(), 'style')
  const icon = readFileSync(join(root, 'dashboard/icon.svg'), 'utf8').trim()
  const html = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><title>short-circuit</title>',
    `<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(icon)}">`,
    `<style>${style}</style></head><body><div id="app"></div>`,
    `<script type="module">${script}</script></body></html>`,
  ].join('')
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
  return { html, policy, notices }
}

async function bundle() {
  const [result] = await build({
    root: join(root, 'dashboard'),
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      license: { fileName: 'third-party.md' },
      target: 'es2023',
      cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
      lib: {
        entry: join(root, 'dashboard/main.tsx'),
        formats: ['iife'],
        name: 'dashboard',
        fileName: 'main',
      },
      minify: true,
    },
    // Whatever NODE_ENV is where it is built: the page must come out the same.
    mode: 'production',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  return result
}

function codeOf(output, extension) {
  const files = output.filter(({ fileName }) => fileName.endsWith(extension))
  if (files.length !== 1) throw new Error(`one ${extension} file was expected, got ${files.length}`)
  const [{ code, source }] = files
  return code ?? source.toString()
}

function inline(text, tag) {
  if (text.toLowerCase().includes(`</${tag}`)) throw new Error(`the ${tag} would end too early`)
  return text
}

function hashOf(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** Puts the built page in the place of the module that stands for it. */
export function dashboardPlugin() {
  return {
    name: 'dashboard',
    enforce: 'pre',
    async load(id) {
      if (!id.replaceAll('\\', '/').endsWith('/src/admin/dashboard.ts')) return undefined
      const { html, policy } = await buildDashboard()
      const code = `export const dashboard = ${JSON.stringify({ html, policy })}`
      return { code, map: { mappings: '' } }
    },
  }
}
