export const targetFailures = {
  untrusted: {
    title: "The target's host key was not confirmed",
    remedy: "Compare the fingerprint and confirm it with `berth target trust`.",
  },
  "password.used": {
    title: "The password was used once, and what came of it is not known",
    remedy: "Nothing is lost: give the password again with `berth target bootstrap`.",
  },
  "key.ignored": {
    title: "The server took the target's key and does not accept it",
    remedy:
      "Look at PubkeyAuthentication and AuthorizedKeysFile in the server's sshd_config, and that only its owner may write to the user's home and to ~/.ssh.",
  },
  "target.not_found": { title: "The target was removed", remedy: "Deploy to another target." },
} as const;
