export const remoteFailures = {
  unreachable: {
    title: "The server cannot be reached",
    remedy: "Check that it is running, that its address and port are right, and that no firewall blocks SSH.",
  },
  refused: {
    title: "The server refuses SSH connections",
    remedy: "Check that sshd is running and listens on the target's port.",
  },
  timeout: {
    title: "It took too long",
    remedy:
      "The message names what was waited for. If it only needs more time, allow for it with `start_period` in the health check or `wait` in berth.yaml.",
  },
  dropped: {
    title: "The connection was lost and could not be restored",
    remedy: "Check the server's network and try again: nothing runs twice.",
  },
  "auth.failed": {
    title: "The server does not accept the target's key",
    remedy: "Add the target's public key to ~/.ssh/authorized_keys of the target's user on the server.",
  },
  "password.wrong": {
    title: "The server does not accept the password",
    remedy:
      "It was tried once and nothing changed. Check user and password. Many servers let root in by a key only: name another user, or let the key in by hand; `berth target show` prints the line.",
  },
  "password.refused": {
    title: "The server lets nobody in with a password",
    remedy: "The password was not sent. Let the key in by hand: `berth target show` prints the line.",
  },
  "password.more": {
    title: "The server wants more than the password",
    remedy:
      "Log in once with your own ssh and do what it asks for, such as a new password. With a second factor, let the key in by hand: `berth target show` prints the line.",
  },
  "key.failed": {
    title: "The target's key could not be written on the server",
    remedy:
      "Make ~/.ssh/authorized_keys of the target's user writable, or let the key in by hand: `berth target show` prints the line.",
  },
  "hostkey.changed": {
    title: "The server's host key is not the one you confirmed",
    remedy:
      "Nothing was sent to it. If the server was reinstalled, confirm the new key with `berth target trust`; if not, find out who answers.",
  },
  "address.unknown": { title: "The target's host name has no address", remedy: "Check the name in DNS." },
  "address.refused": { title: "The target's host name resolves to a private address", remedy: "Use a public address." },
  "role.denied": {
    title: "The role in your AWS account does not let Berth run commands",
    remedy: "`berth target show` prints the commands that make it. A change of a role takes AWS some seconds.",
  },
  "role.open": {
    title: "The role in your AWS account does not ask for your external id",
    remedy:
      "Nothing was sent to the server. Add the condition on sts:ExternalId to the role's trust policy: without it, others who use Berth could name your role. `berth target show` prints the commands that make it.",
  },
  "agent.missing": {
    title: "The server is not managed by SSM",
    remedy:
      "Check instance id and Region. The server needs the SSM agent, and an instance profile with the policy AmazonSSMManagedInstanceCore: `aws ssm describe-instance-information` lists the servers that have both.",
  },
  "agent.silent": {
    title: "The server's SSM agent does not answer",
    remedy: "Check that the server is running, that it reaches AWS, and that amazon-ssm-agent runs on it.",
  },
  "aws.throttled": {
    title: "AWS has slowed down calls in your account",
    remedy: "It is tried again automatically. Other programs of the account that use SSM share its limits.",
  },
  "ssm.too_much": {
    title: "There is too much to send by SSM",
    remedy: "Build elsewhere and push the images to a registry, or reach the server by SSH.",
  },
  "docker.missing": {
    title: "Docker is not installed on the server",
    remedy: "Install Docker Engine: https://docs.docker.com/engine/install/",
  },
  "docker.down": { title: "Docker does not answer", remedy: "Start it on the server: sudo systemctl start docker" },
  "docker.denied": {
    title: "The target's user may not use Docker",
    remedy:
      "On the server: sudo usermod -aG docker USER (or use a target whose user is root). It takes effect at the next login.",
  },
  "sudo.password": {
    title: "The target's user becomes root only with a password",
    remedy:
      "On the server: echo 'USER ALL=(ALL) NOPASSWD: ALL' | sudo tee /etc/sudoers.d/berth (or, to work without root: sudo usermod -aG docker USER).",
  },
  "root.needed": {
    title: "This needs root on the server",
    remedy: "Use a target whose user is root, or may use sudo without a password; or do it on the server yourself.",
  },
  "docker.unpackaged": {
    title: "Docker cannot be installed from this server's distribution",
    remedy: "Install Docker Engine yourself: https://docs.docker.com/engine/install/",
  },
  "install.failed": {
    title: "The server's packages could not be installed",
    remedy: "The message is apt-get's own. Once `sudo apt-get update` and `sudo apt-get -f install` work there, try again.",
  },
  "passwords.stay": {
    title: "Logins by password could not be turned off, and everything is as before",
    remedy:
      "Look at /etc/ssh/sshd_config on the server: it has to include /etc/ssh/sshd_config.d/*.conf before it says PasswordAuthentication itself.",
  },
  "compose.missing": {
    title: "Docker Compose is not installed on the server",
    remedy: "Install the package docker-compose-plugin (Compose version 2 or later).",
  },
  "tool.missing": { title: "A program is missing on the server", remedy: "Install the one it names (tar, flock)." },
  "folder.denied": {
    title: "Berth's folder on the server cannot be written",
    remedy: "Give the target's user the folder it names, or make the disk writable again.",
  },
  "disk.full": {
    title: "The server's disk is full",
    remedy: "Free some space on the server: docker system df shows what Docker uses.",
  },
  busy: { title: "Another run is using the server", remedy: "It is tried again automatically." },
  interrupted: { title: "The server went down during the run", remedy: "It is tried again automatically." },
  fence: { title: "A newer run has taken over", remedy: "See the newer job." },
} as const;
