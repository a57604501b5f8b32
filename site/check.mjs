// Looks at the built site: links, anchors and files that are not there, and anything that a page would
// load from elsewhere, fail it.
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

const dist = new URL('dist/', import.meta.url)
const base = process.env.SITE_BASE ?? '/'
const files = new Set(
  readdirSync(dist, { recursive: true }).map((file) => file.replaceAll('\\', '/')),
)
const pages = new Map()
const complaints = new Set()
for (const file of files) {
  if (!file.endsWith('.html')) continue
  const text = readFileSync(new URL(file, dist), 'utf8')
  const ids = Array.from(text.matchAll(/<[^>]* id="([^"]*)"/g), ([, id]) => unescaped(id))
  pages.set(file, { text, ids: new Set(ids) })
  const twice = ids.find((id, index) => ids.indexOf(id) < index)
  if (twice !== undefined) complaints.add(`${file}: #${twice} is there twice`)
}

let links = 0
for (const [page, { text }] of pages) {
  for (const [tag, name] of text.matchAll(/<([a-z]+)\b[^>]*>/g)) {
    for (const [, attribute, value] of tag.matchAll(/\s(href|src)="([^"]*)"/g)) {
      links += 1
      const problem = problemOf(page, name, attribute, unescaped(value))
      if (problem) complaints.add(`${page}: ${value} ${problem}`)
    }
  }
}

for (const complaint of complaints) console.error(complaint)
console.log(`site: ${pages.size} pages, ${links} links, ${complaints.size} of them dead`)
process.exitCode = complaints.size === 0 && pages.size > 200 ? 0 : 1

function problemOf(page, tag, attribute, value) {
  if (/^(?:[a-z]+:|\/\/)/.test(value)) {
    const follows = tag === 'a' && attribute === 'href'
    return follows || value.startsWith('data:') ? undefined : 'is loaded from elsewhere'
  }
  const [path, hash] = value.split('#')
  if (path.startsWith('/') && !path.startsWith(base)) return `is not below ${base}`
  const place = path.startsWith('/')
    ? path.slice(base.length)
    : posix.join(posix.dirname(page), path)
  const target = path === '' ? page : fileOf(decodeURIComponent(place))
  if (target === undefined) return 'leads to nothing'
  if (!hash) return
  if (!pages.get(target)?.ids.has(decodeURIComponent(hash))) return 'names no heading'
}

function fileOf(place) {
  const candidates = [place, `${place}.html`, posix.join(place, 'index.html')]
  return candidates.map((it) => it.replace(/^\.?\//, '')).find((file) => files.has(file))
}

function unescaped(text) {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
}
