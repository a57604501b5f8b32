import { expect, it } from 'vitest'
import svg from '../../docs/demo.svg?raw'

it('plays the recorded demo by style alone, and stands still where motion is not wanted', () => {
  const document = new DOMParser().parseFromString(svg, 'image/svg+xml')
  expect(document.querySelector('parsererror')).toBeNull()
  const picture = window.document.importNode(document.documentElement, true)
  window.document.body.append(picture)
  const animations = window.document.getAnimations()
  expect(animations.length).toBeGreaterThan(50)

  const seen = (seconds: number): string => {
    for (const animation of animations) {
      animation.pause()
      animation.currentTime = seconds * 1_000
    }
    return shown(picture)
  }
  expect(seen(1)).toContain('WITH OPOSSUM')
  expect(seen(1)).not.toContain('all frozen')
  expect(seen(4)).toContain('all frozen')
  expect(seen(14)).toContain('all killed')
  expect(seen(14)).not.toContain('The breaker did its job.')
  expect(seen(30)).toContain('The breaker did its job.')

  for (const animation of animations) animation.cancel()
  expect(shown(picture)).toContain('The breaker did its job.')
  picture.remove()
})

function shown(picture: Element): string {
  const texts = Array.from(picture.querySelectorAll('text'))
  return texts
    .filter((text) => getComputedStyle(text).visibility === 'visible')
    .map((text) => text.textContent)
    .join('\n')
}
