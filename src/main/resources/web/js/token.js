// The token of a service that asks for one. It is kept as long as the tab lives, and sent with every request.

const KEY = 'rawcow-token';

export function token() {
  return sessionStorage.getItem(KEY);
}

export function keepToken(value) {
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
}

export function authorization() {
  const value = token();
  return value ? {Authorization: `Bearer ${value}`} : {};
}
