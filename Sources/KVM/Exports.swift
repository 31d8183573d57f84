// The register structures are the kernel's own under readable names, so whoever imports KVM needs
// their members too.
@_exported public import CKVM
