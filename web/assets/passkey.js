// Passkeys in the browser: takes the options that package passkey makes, asks the officer's device, and returns the
// answer as a plain object to be posted as JSON. It does no HTTP and touches no page.
//
// Failures are PasskeyError: code is one of "unsupported", "cancelled", "timeout", "registered", "site", "device",
// "options" and "failed", for pages that say it in their own language; message says it in English.

const messages = {
  unsupported: "This browser cannot use passkeys here. Open the page over https in a current browser.",
  cancelled: "Cancelled, or no passkey for this post was found on the device.",
  timeout: "The time ran out. Start again.",
  registered: "This device already has a passkey for this post.",
  site: "Passkeys do not work at this address. Check the address in the browser.",
  device: "This device cannot verify you. Set up its PIN, fingerprint or face, or use another device.",
  options: "The request from the post could not be read. Reload the page.",
  failed: "The passkey could not be used. Start again.",
};

export class PasskeyError extends Error {
  constructor(code, cause) {
    super(messages[code], { cause });
    this.name = "PasskeyError";
    this.code = code;
  }
}

/**
 * Makes a new passkey on the officer's device.
 * @param {object} options PublicKeyCredentialCreationOptionsJSON
 * @param {AbortSignal} [signal] ends the request, for example when the officer leaves the page
 * @returns {Promise<object>} RegistrationResponseJSON
 */
export async function register(options, signal) {
  const publicKey = parse(options, "parseCreationOptionsFromJSON", creationOptions);
  return ask(options, () => navigator.credentials.create({ publicKey, signal }));
}

/**
 * Signs with a passkey that the officer has: for a sign-in, or to agree to a digest.
 * @param {object} options PublicKeyCredentialRequestOptionsJSON
 * @param {AbortSignal} [signal] ends the request
 * @returns {Promise<object>} AuthenticationResponseJSON
 */
export async function signIn(options, signal) {
  const publicKey = parse(options, "parseRequestOptionsFromJSON", requestOptions);
  return ask(options, () => navigator.credentials.get({ publicKey, signal }));
}

function parse(options, native, fallback) {
  if (!globalThis.PublicKeyCredential || !navigator.credentials) throw new PasskeyError("unsupported");
  try {
    return PublicKeyCredential[native] ? PublicKeyCredential[native](options) : fallback(options);
  } catch (err) {
    throw new PasskeyError("options", err);
  }
}

async function ask(options, call) {
  const begun = performance.now();
  let credential;
  try {
    credential = await call();
  } catch (err) {
    throw new PasskeyError(codeOf(err, performance.now() - begun, options.timeout), err);
  }
  if (!credential) throw new PasskeyError("cancelled");
  return toJSON(credential);
}

// Browsers say NotAllowedError for a refusal and for a timeout alike, so that a page learns little; only the time that
// has passed tells them apart.
function codeOf(err, elapsed, timeout) {
  switch (err?.name) {
    case "NotAllowedError":
      return timeout && elapsed >= timeout - 500 ? "timeout" : "cancelled";
    case "AbortError":
      return "cancelled";
    case "TimeoutError":
      return "timeout";
    case "InvalidStateError":
      return "registered";
    case "SecurityError":
      return "site";
    case "ConstraintError":
    case "NotSupportedError":
      return "device";
    case "TypeError":
      return "options";
  }
  return "failed";
}

// What follows serves browsers that lack the JSON forms of WebAuthn Level 3 §5.1 (Chromium before 129).

function creationOptions(options) {
  return {
    ...options,
    challenge: fromBase64url(options.challenge),
    user: { ...options.user, id: fromBase64url(options.user.id) },
    excludeCredentials: descriptors(options.excludeCredentials),
  };
}

function requestOptions(options) {
  return {
    ...options,
    challenge: fromBase64url(options.challenge),
    allowCredentials: descriptors(options.allowCredentials),
  };
}

function descriptors(list = []) {
  return list.map((d) => ({ ...d, id: fromBase64url(d.id) }));
}

function toJSON(credential) {
  if (typeof credential.toJSON === "function") {
    try {
      return credential.toJSON();
    } catch {
      // Some password managers answer with an object of their own on which the browser's method fails.
    }
  }
  const answer = credential.response;
  const response = { clientDataJSON: toBase64url(answer.clientDataJSON) };
  if (answer.attestationObject) {
    response.attestationObject = toBase64url(answer.attestationObject);
    response.transports = answer.getTransports?.() ?? [];
  } else {
    response.authenticatorData = toBase64url(answer.authenticatorData);
    response.signature = toBase64url(answer.signature);
    if (answer.userHandle) response.userHandle = toBase64url(answer.userHandle);
  }
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults?.() ?? {},
    response,
  };
}

function fromBase64url(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

function toBase64url(buffer) {
  let binary = "";
  for (const byte of new Uint8Array(buffer)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
