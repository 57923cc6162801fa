"""The Flask extensions, made once and bound to the app by factory."""

from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

login_manager = LoginManager()
login_manager.session_protection = None
csrf = CSRFProtect()
migrate = Migrate(render_as_batch=False, compare_type=True)
