from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_fork'),
    ]

    operations = [
        migrations.AddField(
            model_name='cluster',
            name='sealed',
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
