def build_captcha(settings, attempts, clock):
    class No:
        name = "altcha"
        site_key = None

        def challenge(self):
            return None

        def verify(self, token, client):
            return False

    return No()
