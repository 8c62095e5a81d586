// Requests by XMLHttpRequest: the oldest way, which every web view has, with a time limit.

export interface Reply {
  /** 0: no answer. */
  status: number;
  value: unknown;
  unrecorded: boolean;
}

export function request(
  method: string,
  path: string,
  body: string | Blob | undefined,
  type: string,
  timeoutMs: number,
  done: (reply: Reply) => void,
): void {
  let over = false;
  const end = (status: number, text: string, unrecorded: boolean): void => {
    if (over) return;
    over = true;
    let value: unknown;
    try {
      value = text ? JSON.parse(text) : undefined;
    } catch {
      value = undefined;
    }
    done({ status, value, unrecorded });
  };
  const xhr = new XMLHttpRequest();
  try {
    xhr.open(method, path, true);
    if (body !== undefined) xhr.setRequestHeader('Content-Type', type);
    xhr.onload = () => end(xhr.status, xhr.responseText, xhr.getResponseHeader('Unrecorded') === 'true');
    xhr.onerror = xhr.onabort = xhr.ontimeout = () => end(0, '', false);
    xhr.timeout = timeoutMs;
    // Some web views forget their own time limit.
    setTimeout(() => {
      if (over) return;
      end(0, '', false);
      xhr.abort();
    }, timeoutMs + 500);
    xhr.send(body ?? null);
  } catch {
    end(0, '', false);
  }
}

export function post(path: string, body: object, timeoutMs: number, done: (reply: Reply) => void): void {
  request('POST', path, JSON.stringify(body), 'application/json', timeoutMs, done);
}

export function get(path: string, timeoutMs: number, done: (reply: Reply) => void): void {
  request('GET', path, undefined, '', timeoutMs, done);
}
