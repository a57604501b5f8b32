import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

export const sendgrid: Client = {
  name: 'SendGrid',
  packages: ['@sendgrid/mail'],
  guarded: "protect(mail, breaker, { methods: ['send'] })",
  trap: 'with a callback its promise is fulfilled even if it fails: the callback counts because `send` is listed',
  methods: ['send'],
  cancelledBy: 'nothing',
  async connect({ protect }) {
    const { default: service } = await import('@sendgrid/mail')
    const { default: sender } = await import('@sendgrid/client')
    const upstream = await HttpUpstream.start({ answer: (_, response) => json(response, 202, {}) })
    sender.setApiKey('SG.key')
    sender.setDefaultRequest('baseUrl', upstream.url)
    service.setClient(sender)
    const mail = protect(service, { methods: ['send'] })
    const letter = { to: 'a@example.com', from: 'b@example.com', subject: 'hello', text: 'hello' }
    return {
      upstream,
      uses: {
        promise: () => mail.send(letter),
        'a callback': () =>
          new Promise((resolve, reject) => {
            mail.send(letter, false, (error, answer) => (error ? reject(error) : resolve(answer)))
          }),
      },
    }
  },
}
