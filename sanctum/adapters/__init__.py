"""Adapters: trainers and files that do not speak Sanctum's words, made to speak them."""
