"""The neural engine: a Wav2Lip-family generator of the user's own, under our tracks and masks."""
