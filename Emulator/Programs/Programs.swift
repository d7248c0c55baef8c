// This target has no code: what it depends on is what building it builds (see Package.swift).
