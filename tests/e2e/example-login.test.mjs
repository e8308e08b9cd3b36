// plugins/example-login from its first login on: a person confirms a code, the account serves, its
// token is renewed when the place will not take it any more, and a login that is over says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clients } from './support/clients.mjs';
import { Desk } from './support/command.mjs';
import { OAuthServer } from './support/oauth.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { Upstream } from './support/upstream.mjs';
import { wires } from './support/wires.mjs';

const q = { user: 'Grüezi', system: 'Be brief.' };
const tokenOf = (headers) => headers.authorization?.match(/^Bearer (at-\w+)$/)?.[1];

/** A place that takes the tokens of a login server. */
async function startPlace(login) {
  const place = await Upstream.start({
    credential: (headers) => (login.wasGiven(tokenOf(headers)) ? place.key : 'none'),
  });
  place.refused = 0;
  place.script = (request, reply) => {
    assert.equal(request.url, '/v1/chat/completions');
    if (!login.isGood(tokenOf(request.headers))) {
      place.refused += 1;
      const error = { message: 'who are you?', type: 'invalid_request_error', code: null };
      return reply.json(401, { error });
    }
    const asked = wires.chat.read(request);
    const answer = { usage: { input: 11, output: 7 }, finish: 'stop', text: 'Good day.' };
    return reply.json(200, wires.chat.whole(asked, answer));
  };
  return place;
}

test('a login on any device, from the code to renewed tokens', async (t) => {
  const login = await OAuthServer.start({
    clientId: 'parley-example',
    pkce: true,
    scope: 'models',
    more: () => ({ user: 'me@example.com' }),
  });
  const place = await startPlace(login);
  const config = configuration(undefined, {
    accounts: { refresh_retry_min_ms: 100, refresh_retry_max_ms: 200 },
    provider: [
      {
        name: 'example-login',
        models: ['m-l'],
        base_url: `${place.url}/v1`,
        device_url: `${login.url}/device`,
        token_url: `${login.url}/token`,
      },
    ],
  });
  const desk = new Desk(config);
  let parley;
  t.after(async () => {
    await parley?.stop();
    desk.commands.forEach((c) => c.stop());
    await place.stop();
    await login.stop();
    login.mustNotStandIn(desk.text, 'printed');
    login.mustNotStandIn(parley?.stderr ?? '', 'in the log');
    desk.clear();
  });
  const command = desk.begin(['login', 'example-login'], { pty: true });
  await command.says(/code: (WXYZ-1234)/);
  assert.match(command.text, /Open the page on any device and confirm the code\./);
  login.approve();
  assert.equal(await command.ended(), 0, command.text);
  assert.match(command.text, /example-login\/me@example\.com: logged in/);
  const shown = await desk.run(['account', 'show', 'example-login']);
  assert.match(shown.stdout, /"access_token":"\.\.\."/);
  assert.match(shown.stdout, /"user":"me@example\.com"/);

  parley = await Parley.start(config, { state: desk.state });
  place.mustNotSee(parley.key);
  const ask = () => clients.chat(parley).ask('m-l', q);
  assert.equal((await ask()).text, 'Good day.');
  assert.equal(place.refused, 0);
  assert.equal(login.refreshes().length, 0);
  // Taken back before its time: the host renews it and asks again; the client notices nothing.
  login.forgetAccess();
  assert.equal((await ask()).text, 'Good day.');
  assert.equal(place.refused, 1);
  assert.equal(login.refreshes().length, 1);
  assert.equal(login.reused, 0);
});
