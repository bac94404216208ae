// Requests to the REST interface. An error is a Problem: what RFC 9457 says of it, in the service's own words.

import {authorization, token} from './token.js';

export class Problem extends Error {
  constructor(body) {
    super(body.detail ?? body.title);
    this.status = body.status;
    this.code = body.code;
    this.title = body.title;
    this.detail = body.detail;
    this.field = body.field;
    this.action = body.action;
    this.differences = body.differences ?? [];
  }
}

export const UNREACHABLE = 'unreachable';

/** How long an answer may take, in milliseconds: to a question, and to what changes something. */
const PATIENCE = 10_000;
const LONG_PATIENCE = 60_000;

const refusals = {unauthenticated: () => {}, viewer: () => {}};
let served = true;

/** Whether the service serves us, as far as is known: nothing is worth asking until there is another token. */
export function admitted() {
  return served;
}

/**
 * What happens when the service does not serve us at all, or lets us look and do nothing.
 *
 * @param listeners {unauthenticated(problem), viewer(problem)}
 */
export function onRefusal(listeners) {
  Object.assign(refusals, listeners);
}

async function problemOf(response) {
  const type = response.headers.get('Content-Type') ?? '';
  if (type.includes('json')) {
    const body = await response.json().catch(() => null);
    if (body) return new Problem({status: response.status, title: response.statusText, ...body});
  }
  return new Problem({
    status: response.status,
    code: 'internal',
    title: `The service answered ${response.status} ${response.statusText}`.trim(),
  });
}

/** Waits for an answer or its body: what the network breaks off, or what takes too long, is a Problem as well. */
async function arrival(answer, signal) {
  try {
    return await answer;
  } catch (cause) {
    if (signal?.aborted || cause instanceof SyntaxError) throw cause;
    throw new Problem({
      status: 0,
      code: UNREACHABLE,
      title: 'The service does not answer',
      detail: cause.name === 'TimeoutError' ? 'It took the request, or the network did, and nothing came back in time.'
        : 'The request did not get through: the service has stopped, or the network between is down.',
      action: 'This page goes on trying by itself.',
    });
  }
}

function patient(method, signal) {
  const limit = AbortSignal.timeout(method === 'GET' || method === 'HEAD' ? PATIENCE : LONG_PATIENCE);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

/** @param lasting of an answer that goes on until the signal */
export async function send(method, path, {body, signal, headers, lasting = false} = {}) {
  const sent = token();
  const response = await arrival(fetch(path, {
    method,
    signal: lasting ? signal : patient(method, signal),
    cache: 'no-store',
    headers: {
      ...authorization(),
      ...(body === undefined ? {} : {'Content-Type': 'application/json'}),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  }), signal);
  if (response.status !== 401) served = true;
  if (response.ok) return response;
  const problem = await problemOf(response);
  const challenge = response.headers.get('WWW-Authenticate') ?? '';
  if (problem.status === 401 && sent === token()) {
    // Not of a token that was replaced meanwhile.
    served = false;
    refusals.unauthenticated(problem);
  } else if (problem.status === 403 && challenge.includes('insufficient_scope')) {
    refusals.viewer(problem);
  }
  throw problem;
}

export async function call(method, path, body, signal) {
  const response = await send(method, path, {body, signal});
  return response.status === 204 ? null : arrival(response.json(), signal);
}

export const get = (path, signal) => call('GET', path, undefined, signal);
export const put = (path, body) => call('PUT', path, body);
export const post = (path, body) => call('POST', path, body);
export const patch = (path, body) => call('PATCH', path, body);
export const remove = (path) => call('DELETE', path);

/** All pages of a list. */
export async function list(path, signal) {
  const items = [];
  let cursor = null;
  do {
    const query = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await get(`${path}?limit=1000${query}`, signal);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
}

export const imagePath = (name) => `/v1/images/${encodeURIComponent(name)}`;
export const jobPath = (id) => `/v1/jobs/${encodeURIComponent(id)}`;
export const exportPath = (name) => `/v1/exports/${encodeURIComponent(name)}`;
